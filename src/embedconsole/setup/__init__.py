"""The questions of `embedconsole setup`, and the configuration that it writes.

To read it: `wizard` (all questions in their order), `questions` (how one is asked), then the parts:
`database`, `rows` with `preview`, `items` with `columns`, `guess` and `presets`, `embedder`, `collection`.
`answers` is what they come to, `variables` the secrets that stay in the environment, `write` the file.
"""
