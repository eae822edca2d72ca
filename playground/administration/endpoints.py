"""`/admin`: calls that only administrators can make. Each endpoint declares this with its parameter `Administrator`."""

from playground.administration.audit_trail.endpoints import router as trail
from playground.administration.models.endpoints import router as models
from playground.administration.statistics.endpoints import router as statistics
from playground.administration.system.endpoints import router as system
from playground.administration.users.endpoints import router as users

routers = (users, models, statistics, system, trail)
