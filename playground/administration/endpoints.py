"""`/admin`: what only administrators may do. Each endpoint says so itself, by its parameter `Administrator`."""

from .models.endpoints import router as models
from .statistics.endpoints import router as statistics
from .system.endpoints import router as system
from .trail.endpoints import router as trail
from .users.endpoints import router as users

routers = (users, models, statistics, system, trail)
