/// Files of tensors: safetensors and NumPy's npy and npz.
package org.sfumato.tensor.io;
