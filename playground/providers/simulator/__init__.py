"""A provider that runs no models: an HTTP server speaking OpenAI's protocol, so that all of the service
can be seen and tested without a key.
"""

from .app import create_simulator
from .models import MODELS, Failure, SimulatedModel
from .pace import Pace, SimulatorSettings
from .server import running_simulator, serve_forever

__all__ = ["MODELS", "Failure", "Pace", "SimulatedModel", "SimulatorSettings", "create_simulator", "running_simulator", "serve_forever"]
