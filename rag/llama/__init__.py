"""llama.cpp for the chat model of rag/llm.py, one idea a file.

native (open a file) -> vocabulary (text to tokens and back) -> chat_template (messages to a prompt) ->
context (what the model has read) -> sampling (choose a token) -> text_stream (bytes to text) -> generation (the loop).
"""
