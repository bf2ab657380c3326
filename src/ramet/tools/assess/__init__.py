"""A Django project -> how it is coupled, which services it could become, and at what price.

It reads source and neither imports nor runs it. In the order in which it works: `project` finds
what there is, `source` reads each file, `linking` resolves names to models and finds edges,
`evidence` adds what the registry, traces and history tell, `grouping` finds candidates, `judgement`
prices their cuts, `report` tells it.
"""
