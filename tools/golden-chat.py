#!/usr/bin/env python3
"""golden-chat.py OUT.json TOKENIZERS SMOLLM2.gguf QWEN2.gguf PHI3.gguf QWEN25.jinja PHI35.jinja

What Hugging Face's apply_chat_template makes of conversations, to hold src/models/text/chat.c against:
test/data/chat/golden.json.  TOKENIZERS is test/data/tokenizers, whose reduced vocabularies give the
ids.  The templates come from the models' own files; Llama-3's, SmolLM's and BitNet's are written down
here as their tokenizer_config.json have them.

Needs the Python packages transformers and gguf.
"""
import json
import os
import sys

import gguf
import transformers

LLAMA3 = ("{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = "
          "'<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + "
          "'<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}"
          "{{ content }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant"
          "<|end_header_id|>\n\n' }}{% endif %}")
BITNET = ("{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = "
          "message['role'] | capitalize + ': '+ message['content'] | trim + '<|eot_id|>' %}"
          "{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}"
          "{% endfor %}{% if add_generation_prompt %}{{ 'Assistant: ' }}{% endif %}")
SMOLLM = ("{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + "
          "'<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}"
          "{% endif %}")
U, A, S = "user", "assistant", "system"
TALKS = [
    [(U, "Hello")],
    [(S, "Be brief."), (U, "Hello")],
    [(U, "Hello"), (A, "Hi there"), (U, "Who are you?")],
    [(S, "You are a helpful assistant"), (U, "Hello"), (A, "   I am an assistant   "), (U, "Another\nquestion")],
    [(U, "")],
    [(S, ""), (U, "x")],
    [(U, "  spaces  "), (A, "\n\nlines\n\n")],
    [(U, "\n\nbegins with lines")],
    [(U, "\u00a0\u3000trim\x1c\u2003")],
    [(U, "\u4f60\u597d \U0001f600 caf\u00e9"), (A, "na\u00efve")],
    [(U, "12345 def f(x):\n    return x\n")],
    [(S, "s"), (U, "u"), (S, "again"), (A, "a"), (U, "v"), (A, "b")],
    [(A, "first"), (U, "second")],
    [(U, "a'b'c {{ x }} {% y %}")],
]


def template(path):
    if path.endswith(".jinja"):
        with open(path, encoding="utf-8") as f:
            return f.read()
    return gguf.GGUFReader(path).fields["tokenizer.chat_template"].contents()


def main(out, folder, smollm2, qwen2, phi3, qwen25, phi35):
    sources = [("ChatML", SMOLLM, "smollm", "<|im_start|>", "<|im_end|>"),
               ("ChatML (SmolLM2)", template(smollm2), "smollm", "<|im_start|>", "<|im_end|>"),
               ("ChatML (Qwen2)", template(qwen2), "qwen2", None, "<|im_end|>"),
               ("ChatML (Qwen2.5)", template(qwen25), "qwen2", None, "<|im_end|>"),
               ("Phi-3 (first)", template(phi3), "phi-3", "<s>", "<|endoftext|>"),
               ("Phi-3", template(phi35), "phi-3", "<s>", "<|endoftext|>"),
               ("Llama-3", LLAMA3, "llama-bpe", "<|begin_of_text|>", "<|eot_id|>"),
               ("BitNet", BITNET, "llama-bpe", "<|begin_of_text|>", "<|eot_id|>")]
    all_ = []
    for name, source, family, bos, eos in sources:
        # The first of Phi-3 leaves system messages out without a word; we refuse them.
        talks = [t for t in TALKS if name != "Phi-3 (first)" or S not in dict(t)]
        tk = transformers.PreTrainedTokenizerFast(
            tokenizer_file=os.path.join(folder, family + ".json"), chat_template=source,
            bos_token=bos, eos_token=eos)
        cases = []
        for talk in talks:
            messages = [{"role": r, "content": c} for r, c in talk]
            for answer in (True, False):
                text = tk.apply_chat_template(messages, add_generation_prompt=answer, tokenize=False)
                ids = tk.apply_chat_template(messages, add_generation_prompt=answer, tokenize=True,
                                             return_dict=False)
                cases.append({"messages": talk, "answer": answer, "text": text, "ids": ids})
        all_.append({"name": name, "source": source, "tokenizer": family, "cases": cases})
        print(name, len(cases), "conversations")
    with open(out, "w", encoding="utf-8") as f:
        json.dump({"made_by": "tools/golden-chat.py, transformers " + transformers.__version__,
                   "templates": all_}, f, separators=(",", ":"), sort_keys=True)
        f.write("\n")


if __name__ == "__main__":
    if len(sys.argv) != 8:
        sys.exit(__doc__)
    main(*sys.argv[1:])
