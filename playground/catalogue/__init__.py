"""The catalogue of models: the providers' lists, the administrators' settings, and which model a name refers to.

`Catalogue` has the lists, `ModelSettings` the settings, `resolution` finds the model for a name, and `ModelAccess` checks who may use it.

Before changing it: everything is in memory, so that no request costs a query. Lists are incomplete: a model that is not listed may exist.
"""
