/// The CUDA backend. It is found by the ServiceLoader; nothing outside this module names it.
package org.sfumato.cuda;
