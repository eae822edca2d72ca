"""API keys for this service, and users' keys for providers.

Before changing it: an API key is shown once and stored as a hash; a provider's key is encrypted (`encryption`) and never shown.
"""
