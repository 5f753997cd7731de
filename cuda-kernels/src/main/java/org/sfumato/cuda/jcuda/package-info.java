/// The same devices through JCuda, for programs that use it already: [JCudaDriver] in place of our own bindings, and
/// the memory of tensors as JCuda's pointers. JCuda is an optional dependency; nothing else in the library needs it.
package org.sfumato.cuda.jcuda;
