"""What transformers makes of the small tokenizers of families.json.gz beside a tokenizer_config.json, for
ModelTokenizerTest.

    python make_models.py FOLDER

writes models.json. With transformers 5.18:
  models  a list of {family, config, special: role -> id or null, cases: [text, ids, decoded]}
  pieces  the same for models of SentencePiece, {file, config, ...}, whose files are in FOLDER, the shared data
  chats   a list of {config, messages, text, prompt}
"""
import gzip
import json
import os
import shutil
import sys
import tempfile

from transformers import AutoTokenizer

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "resources", "org", "sfumato", "tokenizers")
TEXTS = ["It was the best of times , it was n't the worst .", "Hello, world! What 's new ?", "", "a ' b <s> [SEP] 12"]
CONFIGS = [
    ("bertuncased", {"tokenizer_class": "PreTrainedTokenizerFast", "cls_token": "[CLS]", "sep_token": "[SEP]",
                     "mask_token": {"__type": "AddedToken", "content": "[MASK]", "lstrip": True, "rstrip": False,
                                    "normalized": False, "single_word": False},
                     "pad_token": "[PAD]", "unk_token": "[UNK]", "clean_up_tokenization_spaces": True}),
    ("bertuncased", {"tokenizer_class": "PreTrainedTokenizerFast", "mask_token": "[MASK]", "pad_token": None,
                     "clean_up_tokenization_spaces": False}),
    ("gpt2", {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<|endoftext|>",
              "eos_token": "<|endoftext|>", "clean_up_tokenization_spaces": True}),
    ("gpt2", {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<|endoftext|>",
              "eos_token": "<|endoftext|>", "add_bos_token": True}),
    ("llama2", {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": "</s>",
                "unk_token": "<unk>", "add_bos_token": True, "add_eos_token": True}),
    ("llama2", {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": "</s>",
                "unk_token": "<unk>", "add_bos_token": False, "add_eos_token": False}),
    ("llama2", {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": "</s>",
                "unk_token": "<unk>"}),
    ("unigram", {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "</s>", "unk_token": "<unk>",
                 "clean_up_tokenization_spaces": True}),
]


PIECES = [
    ("tok-sentencepiece/hf/test_sentencepiece_bpe.model", {"tokenizer_class": "LlamaTokenizer"}),
    ("tok-sentencepiece/hf/test_sentencepiece_bpe.model",
     {"tokenizer_class": "LlamaTokenizer", "add_bos_token": True, "add_eos_token": True, "bos_token": "<s>",
      "eos_token": "</s>", "unk_token": "<unk>"}),
    ("tok-sentencepiece/hf/test_sentencepiece.model", {"tokenizer_class": "T5Tokenizer"}),
]
# as in the folders of Llama-2-7b-chat-hf, Meta-Llama-3-8B-Instruct and LLaDA-8B-Instruct
LLAMA2 = ("{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = "
          "messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set system_message = false %}"
          "{% endif %}{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
          "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
          "{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + "
          "'\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}"
          "{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}"
          "{% elif message['role'] == 'assistant' %}{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}"
          "{% endfor %}")
LLAMA3 = ("{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' "
          "+ message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}"
          "{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}"
          "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}")
# ChatML with rules of its own for a conversation that brings none, as in the folder of Qwen2-Instruct; without, and
# with a branch for tools and further conditions, as later ones have them
CHATML = ("{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
          "{{ '<|im_start|>system\\nYou answer questions.<|im_end|>\\n' }}{% endif %}{{'<|im_start|>' + message['role'] "
          "+ '\\n' + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}"
          "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}")
CHATML_TOOLS = ("{%- if tools %}\n{{- '<|im_start|>system\\n' }}{{- tools }}{{- '<|im_end|>\\n' }}\n{%- else %}\n"
                "{%- if messages[0]['role'] == 'system' %}\n{{- '<|im_start|>system\\n' + messages[0]['content'] + "
                "'<|im_end|>\\n' }}\n{%- else %}\n{{- '<|im_start|>system\\nYou know tools, or none.<|im_end|>\\n' }}\n"
                "{%- endif %}\n{%- endif %}\n{%- for message in messages %}\n"
                "{%- if (message.role == \"user\") or (message.role == \"assistant\" and not message.tool_calls) %}\n"
                "{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}\n{%- endif %}\n"
                "{%- endfor %}\n{%- if add_generation_prompt %}\n{{- '<|im_start|>assistant\\n' }}\n{%- endif %}")
PLAIN = CHATML[:CHATML.index("{% if loop.first")] + CHATML[CHATML.index("{{'<|im_start|>'"):]
TURNS = [{"role": "system", "content": "Be brief. "}, {"role": "user", "content": " What is it?\n"},
         {"role": "assistant", "content": "A test. "}, {"role": "user", "content": "Why?"}]
CHATS = [({"bos_token": "<s>", "eos_token": "</s>", "chat_template": LLAMA2}, TURNS),
         ({"bos_token": "<s>", "eos_token": "</s>", "chat_template": LLAMA2}, TURNS[1:2]),
         ({"bos_token": "<|begin_of_text|>", "eos_token": "<|eot_id|>", "chat_template": LLAMA3}, TURNS),
         ({"bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "chat_template": LLAMA3}, TURNS[1:]),
         *(({"eos_token": "<|im_end|>", "chat_template": template}, turns)
           for template in (CHATML, PLAIN, CHATML_TOOLS) for turns in (TURNS, TURNS[1:]))]


def described(folder, config, texts):
    """What transformers makes of a folder with a tokenizer's file."""
    json.dump(config, open(os.path.join(folder, "tokenizer_config.json"), "w"))
    tokenizer = AutoTokenizer.from_pretrained(folder)
    special = {role: getattr(tokenizer, role + "_token_id") for role in
               ("bos", "eos", "pad", "mask", "cls", "sep", "unk")}
    cases = []
    for text in texts:
        ids = tokenizer(text)["input_ids"]
        cases.append([text, ids, tokenizer.decode(ids, skip_special_tokens=True)])
    return {"config": config, "special": special, "cases": cases}


def main():
    families = json.load(gzip.open(os.path.join(OUT, "families.json.gz")))
    models, pieces, chats = [], [], []
    for family, config in CONFIGS:
        with tempfile.TemporaryDirectory() as folder:
            file = {**families[family], "truncation": {"direction": "Right", "max_length": 5, "stride": 0,
                                                       "strategy": "LongestFirst"}}
            json.dump(file, open(os.path.join(folder, "tokenizer.json"), "w"))
            models.append({"family": family, **described(folder, config, TEXTS)})
    for name, config in PIECES:
        with tempfile.TemporaryDirectory() as folder:
            to = "spiece.model" if "T5" in config["tokenizer_class"] else "tokenizer.model"
            shutil.copy(os.path.join(sys.argv[1], name), os.path.join(folder, to))
            # LlamaTokenizer does not thin out spaces, whatever these models say of it, so none stand beside <s>
            texts = TEXTS[:3] + ["a ' b<s>[SEP] 12</s>"]
            pieces.append({"file": name, **described(folder, config, texts)})
    for config, messages in CHATS:
        with tempfile.TemporaryDirectory() as folder:
            json.dump(families["gpt2"], open(os.path.join(folder, "tokenizer.json"), "w"))
            config = {"tokenizer_class": "PreTrainedTokenizerFast", **config}
            json.dump(config, open(os.path.join(folder, "tokenizer_config.json"), "w"))
            tokenizer = AutoTokenizer.from_pretrained(folder)
            text, prompt = (tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=answer)
                            for answer in (False, True))
            chats.append({"config": config, "messages": messages, "text": text, "prompt": prompt})
    with open(os.path.join(OUT, "models.json"), "w") as file:
        json.dump({"models": models, "pieces": pieces, "chats": chats}, file, indent=1)
        file.write("\n")


main()
