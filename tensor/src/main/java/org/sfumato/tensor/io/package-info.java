/// Files of tensors: safetensors and NumPy's npy and npz. Whatever is written replaces the old file at once or not at
/// all.
package org.sfumato.tensor.io;
