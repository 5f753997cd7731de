/// NVIDIA's driver through the Foreign Function and Memory API, bound by hand. Names are those of the C functions.
package org.sfumato.cuda.libcuda;
