/// What `cuda-kernels/gpu-check` runs on a machine with a device: is everything right there, and how fast is it.
package org.sfumato.cuda.check;
