/// Reverse-mode gradients: a tape is a scope that records operations and is walked backwards.
package org.sfumato.autograd;
