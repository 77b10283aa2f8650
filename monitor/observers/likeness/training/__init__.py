"""How the committed likeness networks were made: data, scenes, networks, training, the harder test.

Needs the optional extra ``train``; nothing of it is imported by the running service.
"""
