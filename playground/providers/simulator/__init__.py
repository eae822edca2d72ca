"""A provider without real models: an HTTP server with OpenAI's protocol, to try and test the whole service without a key."""

from .app import create_simulator
from .models import MODELS, Failure, SimulatedModel
from .pace import Pace, SimulatorSettings
from .server import running_simulator, serve_forever

__all__ = ["MODELS", "Failure", "Pace", "SimulatedModel", "SimulatorSettings", "create_simulator", "running_simulator", "serve_forever"]
