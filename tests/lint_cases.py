"""Prompts for the lint that are nobody's examples: good ones must pass in silence, bad ones show their flaw.

GOOD and BAD were written before the lint, LATER_GOOD and LATER_BAD after it, to see what it makes of prompts that it
was not built on: at first 1 false alarm in 20 and 2 misses in 20, since mended.
"""

from __future__ import annotations

from prompts.prompt import Prompt, Shot

GOOD: dict[str, Prompt] = {
    "en-summary": Prompt('Summarize the article in 3 sentences for a ten-year-old.\n\nArticle: """\n{{article}}\n"""'),
    "en-sentiment": Prompt(
        "Classify the review as positive, negative or neutral. Answer with one word.\n\nReview: {{review}}\nSentiment:"
    ),
    "en-qa": Prompt(
        "Question: {{question}}\n\n<context>\n{{context}}\n</context>",
        system='Answer from the context alone. If the answer is not there, say "I cannot find it".',
    ),
    "en-translate": Prompt('Translate the text into Spanish. Keep the names as they are.\n\nText: """{{text}}"""'),
    "en-fact": Prompt("What is the capital of {{country}}? Reply with the name of the city only."),
    "en-few": Prompt(
        "{{word}}",
        system="Give the plural of the word, and nothing else.",
        shots=(Shot("mouse", "mice"), Shot("leaf", "leaves"), Shot("box", "boxes")),
    ),
    "en-cot": Prompt(
        "A train leaves at 9:40 and arrives at 13:05. How many minutes does it take? Think step by step, and end with "
        '"The answer is N."'
    ),
    "en-code": Prompt("Write a Python function that returns the n-th prime number.", begin="```python\ndef "),
    "en-mail": Prompt(
        "Write an email of at most 120 words to a customer whose parcel is late. Apologise once, say that it arrives "
        "on {{day}}, and offer free returns. Tone: friendly and plain."
    ),
    "en-expert": Prompt(
        "Analyse the clauses of this contract for risks to the tenant, as a table with the columns clause, risk and "
        'advice.\n\n"""\n{{contract}}\n"""',
        system="You are a lawyer who specialises in tenancy.",
    ),
    "es-resumen": Prompt("Resume el texto en una lista de 5 puntos.\n\nTexto:\n###\n{{texto}}\n###"),
    "es-tono": Prompt(
        "¿La opinión es positiva o negativa? Responde solo con «positiva» o «negativa».\n\nOpinión: {{opinion}}"
    ),
    "es-pregunta": Prompt(
        "Contexto: «{{contexto}}»\n\nPregunta: {{pregunta}}",
        system="Responde con una frase a partir del contexto. Si no dice nada de eso, responde «No lo pone».",
    ),
    "es-traduce": Prompt("Traduce al inglés el texto que va entre comillas triples.\n\n'''{{texto}}'''"),
    "es-dato": Prompt("¿En qué año nació {{persona}}? Responde solo con el año."),
    "es-ejemplos": Prompt(
        "Saca las palabras clave de cada texto, separadas por comas.\n\n"
        "Texto: El tren nocturno une Vigo con Madrid.\nPalabras clave: tren nocturno, Vigo, Madrid\n\n"
        "Texto: La vendimia empieza en septiembre en La Rioja.\nPalabras clave: vendimia, septiembre, La Rioja\n\n"
        "Texto: {{texto}}\nPalabras clave:"
    ),
    "es-pasos": Prompt(
        "Una caja tiene 12 huevos. Compro 3 cajas y se rompen 5 huevos. ¿Cuántos quedan? Razona paso a paso y termina "
        "con la cifra en la última línea."
    ),
    "es-codigo": Prompt("# Escribe en Python una función que cuente las vocales de una palabra\n\ndef"),
    "es-carta": Prompt(
        "Escribe una carta formal de 150 palabras al ayuntamiento para pedir un carril bici en la calle {{calle}}. "
        "Incluye dos razones y una despedida."
    ),
    "es-json": Prompt(
        'Extrae del anuncio el precio y los metros. Formato: {"precio": número, "metros": número}\n\n'
        'Anuncio: """{{anuncio}}"""'
    ),
}

# What each shows, at least.
BAD: dict[str, tuple[Prompt, str]] = {
    "en-vague": (Prompt('Describe the town in several sentences, not too long.\n\nTown: """{{text}}"""'), "vague"),
    "en-vague2": (Prompt("Give me a couple of ideas for a birthday party, kind of cheap ones."), "vague"),
    "en-late": (Prompt('"""\n{{article}}\n"""\n\nSummarize the article above in 2 sentences.'), "instruction_first"),
    "en-bare": (Prompt("Translate this into French: {{text}} and keep the names."), "delimiters"),
    "en-bare2": (Prompt("Is the review positive or negative? {{review}} Answer with one word."), "delimiters"),
    "en-open": (Prompt("Tell me about the Roman Empire."), "concrete"),
    "en-open2": (Prompt("Write a story about a dog."), "concrete"),
    "en-literal": (
        Prompt('Is the text in English? If it is not, reply Wrong language.\n\nText: """{{text}}"""'),
        "quotes",
    ),
    "en-wayout": (
        Prompt("Use the passages to answer the question.\n\n<p>{{passages}}</p>\n\nQuestion: {{question}}"),
        "way_out",
    ),
    "en-shape": (
        Prompt("{{review}}", shots=(Shot("Lovely.", "Positive"), Shot("Awful!", "sentiment: negative."))),
        "shape",
    ),
    "es-vago": (Prompt("Resume el texto en pocas frases.\n\nTexto: «{{texto}}»"), "vague"),
    "es-vago2": (Prompt("Haz una lista con algunas ideas para la fiesta, que no sea demasiado larga."), "vague"),
    "es-tarde": (Prompt("Texto: «{{texto}}»\n\nTraduce el texto anterior al inglés."), "instruction_first"),
    "es-suelto": (Prompt("Corrige las faltas de este correo {{correo}} y devuélvelo entero."), "delimiters"),
    "es-abierto": (Prompt("Háblame de la fotosíntesis."), "concrete"),
    "es-literal": (
        Prompt("Responde a la pregunta con el texto. Si no lo pone, responde No lo sé.\n\n«{{texto}}»\n\n{{pregunta}}"),
        "quotes",
    ),
    "es-salida": (
        Prompt("Según el documento, responde: {{pregunta}}\n\nDocumento:\n###\n{{documento}}\n###"),
        "way_out",
    ),
    "es-pasos": (
        Prompt("Ana tiene 45 cromos y regala 17. Reparte el resto entre 4 amigos. ¿Cuántos recibe cada uno?"),
        "steps",
    ),
    "es-codigo": (Prompt("Escribe un programa en Python que ordene una lista de nombres."), "seed"),
    "es-forma": (
        Prompt(
            "Di el color.\n\nFruta: plátano\nColor: amarillo\n\nFruta: fresa\nTono: rojo.\n\nFruta: {{fruta}}\nColor:"
        ),
        "shape",
    ),
}


LATER_GOOD: dict[str, Prompt] = {
    "en-sql": Prompt(
        "Table orders(id, customer, total, day). Write the SQL query that gives the total for each customer in May.",
        begin="SELECT",
    ),
    "en-rewrite": Prompt(
        "Rewrite the message in plain English. Keep names and dates, use at most 80 words.\n\n<message>\n{{message}}\n"
        "</message>"
    ),
    "en-yesno": Prompt(
        "Statement: {{statement}}\n\nIs the statement true? Answer yes or no.", system="You are a fact checker."
    ),
    "en-many": Prompt("How many moons does {{planet}} have? Answer with the number alone."),
    "en-some": Prompt(
        "Some people say that homework is useless and many others disagree. Give 3 arguments for each side as a table."
    ),
    "en-tutor": Prompt(
        "Explain {{concept}} to a 12-year-old in one paragraph, with one comparison from everyday life."
    ),
    "en-qa2": Prompt(
        "Answer the question from the passage, with words of the passage only. Where the passage does not say it, "
        'answer "unanswerable".\n\nPassage: {{passage}}\nQuestion: {{question}}\nAnswer:'
    ),
    "en-json": Prompt(
        'Extract the name, the date and the amount from the invoice as JSON with the keys "name", "date" and "amount".'
        "\n\n```\n{{invoice}}\n```"
    ),
    "en-sorts": Prompt(
        "What kind of animal is a {{animal}}? Choose from: mammal, bird, fish, reptile, insect. One word, lower case."
    ),
    "en-arrow": Prompt("Turn each word into its opposite.\n\nhot -> cold\nearly -> late\ntall -> short\n{{word}} ->"),
    "es-plan": Prompt(
        "Haz un plan de estudio de 5 días para el examen de {{asignatura}}, en una tabla con las columnas día, tema y "
        "ejercicio."
    ),
    "es-ner": Prompt(
        "Extrae las personas y los lugares del texto. Responde con dos líneas: «Personas: …» y «Lugares: …». Si no "
        "hay, escribe «ninguno».\n\nTexto:\n'''\n{{texto}}\n'''"
    ),
    "es-charla": Prompt("{{pregunta}}", system="Eres el asistente de una biblioteca. Responde en dos frases, de tú."),
    "es-titular": Prompt("Escribe un titular de 8 palabras como máximo para la noticia.\n\n«{{noticia}}»"),
    "es-razona": Prompt(
        "Problema: {{problema}}\n\nPiensa paso a paso. En la última línea escribe solo el resultado.",
        system="Resuelves problemas de matemáticas de primaria.",
    ),
    "es-plural": Prompt("{{palabra}}", shots=(Shot("luz", "luces"), Shot("pez", "peces"), Shot("mes", "meses"))),
    "es-juicio": Prompt(
        "¿Qué dos riesgos tiene este contrato para quien alquila? Responde con una lista de dos puntos.\n\n"
        '"""{{contrato}}"""',
        system="Eres abogada y asesoras a inquilinos.",
    ),
    "es-regex": Prompt(
        "Escribe una expresión regular que reconozca códigos postales españoles. Devuelve solo el código, "
        "sin explicación."
    ),
    "es-corrige": Prompt(
        "Corrige las faltas de ortografía. No cambies nada más.\n\n### Texto\n\n<texto>{{texto}}</texto>"
    ),
    "es-muchos": Prompt("¿En qué continente viven muchos más canguros que personas? Responde con una palabra."),
}
LATER_BAD: dict[str, tuple[Prompt, str]] = {
    "en-poem": (Prompt("Please compose a song about the sea for me"), "concrete"),
    "en-explain": (Prompt("Can you explain how vaccines work?"), "concrete"),
    "en-handful": (Prompt("Suggest a handful of titles for my essay on bees, none of them too long."), "vague"),
    "en-keepshort": (Prompt("What causes the tides? Keep it short."), "vague"),
    "en-below": (Prompt("{{email}}\n\nWrite a polite reply to the email above, in 3 sentences."), "instruction_first"),
    "en-inline": (Prompt("Find the grammar mistakes in {{essay}} and list them as bullets."), "delimiters"),
    "en-topics": (Prompt('Identify the topics of the speech.\n\n"""{{speech}}"""'), "examples"),
    "en-contact": (Prompt('Pull out the name, the phone number and the city.\n\nMail: """{{mail}}"""'), "format"),
    "en-notknown": (
        Prompt('Which year is it about? When the text does not say, answer Not stated.\n\n"""{{text}}"""'),
        "quotes",
    ),
    "en-sum": (
        Prompt(
            "A shirt costs 24 euros and is reduced by 25 percent. What is the new price?", system="Reply with a number."
        ),
        "steps",
    ),
    "es-cancion": (Prompt("Hazme una canción sobre el verano."), "concrete"),
    "es-historia": (Prompt("Cuéntame la historia de la imprenta"), "concrete"),
    "es-pardeideas": (Prompt("Dame un par de consejos para dormir mejor."), "vague"),
    "es-debajo": (Prompt("{{articulo}}\n\n¿Puedes resumir el artículo en 3 frases?"), "instruction_first"),
    "es-enlinea": (Prompt("Traduce {{mensaje}} al francés con tono formal."), "delimiters"),
    "es-entidades": (Prompt("Identifica las entidades de la noticia.\n\nNoticia: «{{noticia}}»"), "examples"),
    "es-ningun": (
        Prompt("¿Qué autor se cita? Si no se cita a nadie, contesta Ninguno.\n\n«{{fragmento}}»"),
        "quotes",
    ),
    "es-contesta": (
        Prompt("Contesta a la pregunta.\n\nTexto: «{{texto}}»\n\nPregunta: «{{pregunta}}»"),
        "way_out",
    ),
    "es-diagnostico": (
        Prompt("Interpreta los síntomas del paciente y da un diagnóstico en 3 frases.\n\n<caso>{{caso}}</caso>"),
        "role",
    ),
    "es-mayuscula": (
        Prompt("{{opinion}}", shots=(Shot("Me encantó.", "positiva"), Shot("Un horror.", "Negativa"))),
        "shape",
    ),
}
