"""The Amazon States Language, without effects: documents in, values out. https://states-language.net"""
