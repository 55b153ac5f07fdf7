#!/usr/bin/env python3
"""golden-llm.py FOLDER - tiny models of every family, and what Hugging Face Transformers makes of them.

For each model, FOLDER/NAME/ holds config.json and model.safetensors as Transformers writes them,
FOLDER/NAME.gguf the same weights under llama.cpp's names and in its order of rows (written by gguf-py),
and FOLDER/NAME/golden.json what an F32 forward of Transformers gives: a prompt, the tokens that follow it
greedily, and, in logits.f32 (little-endian F32, [tokens][vocab]), the logits at every token of the prompt.

Weights are random, and exact in BF16 and F16 alike, so that all files hold the same model.  test_llm_parity.c
reads all this.  Needs torch, transformers (5.x), safetensors, gguf.
"""
import copy
import json
import math
import os
import pathlib
import sys

os.environ["TORCHDYNAMO_DISABLE"] = "1"  # the same arithmetic, without compiling it

import gguf
import numpy as np
import torch
import transformers
from transformers.integrations.bitnet import ActQuant

VOCAB = 64
STEPS = 64


def randomise(model, seed, ternary=False):
    """Weights that matter: logits of a few units, attention that looks somewhere, norms off 1."""
    g = torch.Generator().manual_seed(seed)
    for name, p in model.named_parameters():
        x = torch.randn(p.shape, generator=g)
        if "norm" in name or "ln_" in name:
            x = 1 + 0.2 * x if name.endswith("weight") else 0.2 * x
        elif name.endswith("bias"):
            x = 0.3 * x
        elif ternary and "proj" in name:
            x = (x * 1.2).round().clamp(-1, 1) * 0.5
        elif p.dim() == 2 and ("embed" in name or "wte" in name or "wpe" in name or "lm_head" in name):
            x = 0.5 * x
        else:
            x = 1.5 * x / math.sqrt(p.shape[0] if ".c_" in name else p.shape[1])
        x = x.to(torch.bfloat16).float()
        x[x.abs() < 2.0**-14] = 0  # F16's smallest normal number
        assert torch.equal(x, x.half().float())
        p.data.copy_(x)


def forward(model, tokens):
    with torch.no_grad():
        return model(torch.tensor([tokens]), use_cache=False).logits[0].float()


def golden(model, prompt, steps, folder, name="golden"):
    """False where a small error could change the tokens, or where they say little."""
    logits = forward(model, prompt)
    tokens = list(prompt)
    margin = math.inf
    for _ in range(steps):
        last = forward(model, tokens)[-1]
        two = last.topk(2).values
        margin = min(margin, float(two[0] - two[1]))
        tokens.append(int(last.argmax()))
    different = len(set(tokens[len(prompt):]))
    if margin < 5e-3 or different < 10:
        return False
    text = {"prompt": prompt, "greedy": tokens[len(prompt):]}
    (folder / f"{name}.json").write_text(json.dumps(text) + "\n")
    logits.numpy().astype("<f4").tofile(folder / f"{name}.f32")
    print(f"{folder.name} {name}: logits up to {float(logits.abs().max()):.3g}, margin {margin:.3g}, "
          f"{different} different tokens")
    return True


def prompt_of(seed, n):
    return [int(t) for t in np.random.default_rng(seed).integers(0, VOCAB, n)]


# ---- GGUF ----

def permute(w, heads):
    """llama.cpp's order of the rows of q and k: pairs side by side instead of half a head apart."""
    return w.reshape(heads, 2, w.shape[0] // heads // 2, *w.shape[1:]).swapaxes(1, 2).reshape(w.shape)


GPT2 = {"wte": "token_embd", "wpe": "position_embd", "ln_f": "output_norm", "ln_1": "attn_norm",
        "attn.c_attn": "attn_qkv", "attn.c_proj": "attn_output", "ln_2": "ffn_norm", "mlp.c_fc": "ffn_up",
        "mlp.c_proj": "ffn_down"}
LLAMA = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output",
         "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
         "self_attn.v_proj": "attn_v", "self_attn.qkv_proj": "attn_qkv", "self_attn.o_proj": "attn_output",
         "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
         "mlp.gate_up_proj": "ffn_up", "mlp.down_proj": "ffn_down", "self_attn.attn_sub_norm": "attn_sub_norm",
         "mlp.ffn_sub_norm": "ffn_sub_norm"}


def gguf_name(name, table):
    stem, suffix = name.rsplit(".", 1)
    parts = stem.removeprefix("transformer.").removeprefix("model.layers.").removeprefix("h.").split(".", 1)
    if parts[0].isdigit():
        return f"blk.{parts[0]}.{table[parts[1]]}.{suffix}"
    return f"{table[stem.removeprefix('transformer.')]}.{suffix}"


def write_gguf(model, arch, path, keys):
    c = model.config
    w = gguf.GGUFWriter(str(path), arch)
    w.add_name(path.stem)
    for key, value in keys.items():
        (w.add_uint32 if isinstance(value, int) else w.add_float32)(f"{arch}.{key}", value)
    for name, p in model.state_dict().items():
        x = p.float().numpy()
        if name == "lm_head.weight" and c.tie_word_embeddings:
            continue
        if arch == "gpt2" and ".c_" in name and x.ndim == 2:
            x = x.T
        if arch == "llama" and ("q_proj" in name or "k_proj" in name):
            x = permute(x, c.num_attention_heads if "q_proj" in name else c.num_key_value_heads)
        x = np.ascontiguousarray(x.astype(np.float16 if x.ndim == 2 else np.float32))
        w.add_tensor(gguf_name(name, GPT2 if arch == "gpt2" else LLAMA), x)
    rope = getattr(c, "rope_parameters", None) or {}
    for which in ("long", "short"):
        if f"{which}_factor" in rope:
            w.add_tensor(f"rope_factors_{which}.weight", np.array(rope[f"{which}_factor"], np.float32))
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def llama_keys(c):
    return {"block_count": c.num_hidden_layers, "context_length": c.max_position_embeddings,
            "embedding_length": c.hidden_size, "feed_forward_length": c.intermediate_size,
            "attention.head_count": c.num_attention_heads, "attention.head_count_kv": c.num_key_value_heads,
            "attention.layer_norm_rms_epsilon": c.rms_norm_eps,
            "rope.dimension_count": c.hidden_size // c.num_attention_heads,
            "rope.freq_base": float(c.rope_parameters["rope_theta"])}


# ---- the models ----

def save(model, folder, dtype):
    folder.mkdir(parents=True, exist_ok=True)
    copy.deepcopy(model).to(dtype).save_pretrained(folder)  # the copy's RoPE frequencies lose bits
    (folder / "generation_config.json").unlink(missing_ok=True)


SMALL = dict(vocab_size=VOCAB, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
             num_key_value_heads=2, attn_implementation="eager", bos_token_id=None, eos_token_id=None,
             pad_token_id=None)


def also_long(model, folder, seed):
    return golden(model, prompt_of(seed + 1, 40), STEPS, folder, "golden-long")


def also_int8(model, folder, seed):
    hooks = [m.register_forward_pre_hook(lambda m, x: (ActQuant.apply(x[0]),))
             for name, m in model.named_modules() if name.endswith("_proj")]
    done = golden(model, prompt_of(seed, 24), STEPS, folder, "golden-int8")
    for h in hooks:
        h.remove()
    return done


def make(top, name, model, arch, keys, dtype, n=24, steps=STEPS, ternary=False, also=None):
    """The first seed whose goldens are worth having."""
    model.eval()
    for seed in range(1, 100):
        randomise(model, seed, ternary)
        save(model, top / name, dtype)
        if golden(model, prompt_of(seed, n), steps, top / name) and (not also or also(model, top / name, seed)):
            break
    else:
        sys.exit(f"{name}: no seed gives a golden worth having")
    write_gguf(model, arch, top / f"{name}.gguf", keys)


def gpt2(top):
    c = transformers.GPT2Config(vocab_size=VOCAB, n_positions=128, n_embd=32, n_layer=2, n_head=4,
                                attn_implementation="eager", bos_token_id=None, eos_token_id=None)
    keys = {"block_count": 2, "context_length": 128, "embedding_length": 32, "feed_forward_length": 128,
            "attention.head_count": 4, "attention.layer_norm_epsilon": c.layer_norm_epsilon}
    make(top, "gpt2", transformers.GPT2LMHeadModel(c), "gpt2", keys, torch.float16)


def llama(top):
    c = transformers.LlamaConfig(**SMALL, max_position_embeddings=128, rms_norm_eps=1e-5, tie_word_embeddings=True,
                                 rope_parameters={"rope_type": "default", "rope_theta": 100000.0})
    make(top, "llama", transformers.LlamaForCausalLM(c), "llama", llama_keys(c), torch.float32)


def qwen2(top):
    c = transformers.Qwen2Config(**SMALL, max_position_embeddings=128, rms_norm_eps=1e-6, tie_word_embeddings=True,
                                 rope_parameters={"rope_type": "default", "rope_theta": 1000000.0})
    make(top, "qwen2", transformers.Qwen2ForCausalLM(c), "qwen2", llama_keys(c), torch.float16)


def phi3(top):
    c = transformers.Phi3Config(**SMALL, max_position_embeddings=128, original_max_position_embeddings=128,
                                rms_norm_eps=1e-5, sliding_window=15, tie_word_embeddings=False)
    keys = llama_keys(c) | {"attention.sliding_window": 15, "rope.scaling.original_context_length": 128}
    make(top, "phi3", transformers.Phi3ForCausalLM(c), "phi3", keys, torch.bfloat16)


def phi3_long(top):
    """Factors change with the length, so one golden stays below the original context and one is above."""
    rope = {"rope_type": "longrope", "rope_theta": 10000.0, "short_factor": [1.0, 1.1, 1.25, 1.5],
            "long_factor": [1.0, 1.75, 4.5, 9.0], "original_max_position_embeddings": 32}
    c = transformers.Phi3Config(**SMALL, max_position_embeddings=128, original_max_position_embeddings=32,
                                rms_norm_eps=1e-5, sliding_window=None, tie_word_embeddings=False,
                                rope_parameters=rope)
    factor = math.sqrt(1 + math.log(128 / 32) / math.log(32))
    keys = llama_keys(c) | {"rope.scaling.original_context_length": 32, "rope.scaling.attn_factor": factor}
    make(top, "phi3-long", transformers.Phi3ForCausalLM(c), "phi3", keys, torch.float16, n=8, steps=24,
         also=also_long)


def bitnet(top):
    """Ternary weights.  The second golden quantises what goes into every layer's matrices to int8 a token."""
    c = transformers.BitNetConfig(**SMALL | {"hidden_size": 64}, max_position_embeddings=128, rms_norm_eps=1e-5,
                                  tie_word_embeddings=True, hidden_act="relu2",
                                  rope_parameters={"rope_type": "default", "rope_theta": 500000.0})
    make(top, "bitnet", transformers.BitNetForCausalLM(c), "bitnet-b1.58", llama_keys(c), torch.bfloat16,
         ternary=True, also=also_int8)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    torch.set_num_threads(1)
    for family in (gpt2, llama, qwen2, phi3, phi3_long, bitnet):
        family(pathlib.Path(sys.argv[1]))
