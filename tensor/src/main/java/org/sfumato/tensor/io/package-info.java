/// Files of tensors. [org.sfumato.tensor.io.TensorFile] opens safetensors, shards with an index, PyTorch's archives,
/// GGUF and llama2.c's files by their content; NumPy's npy and npz have readers of their own. Whatever is written
/// replaces the old file at once or not at all.
package org.sfumato.tensor.io;
