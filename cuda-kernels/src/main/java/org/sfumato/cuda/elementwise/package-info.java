/// PTX written by Java: element by element kernels from formulas. No NVIDIA software is needed but the driver, which
/// compiles them.
package org.sfumato.cuda.elementwise;
