"""RON-CORE's app plane: clients, problems, capabilities, values and manifests of facets."""
