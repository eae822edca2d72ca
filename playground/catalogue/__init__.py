"""The catalogue of models: what the providers list, what administrators decided, and which model a name means.

`Catalogue` has the lists, `ModelSettings` the decisions, `resolution` goes from a name to a model, `ModelAccess` says who may use which.

Before changing it: everything is in memory, so that no request costs a query. A list is a hint: a model that is not listed may exist.
"""
