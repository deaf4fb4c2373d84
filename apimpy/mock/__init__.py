"""A model endpoint for laptops and tests: OpenAI's and Azure OpenAI's shapes, deterministic, no model behind it."""
