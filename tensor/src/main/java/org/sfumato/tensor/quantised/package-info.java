/// Matrices stored with few bits for an element, for frozen weights.
package org.sfumato.tensor.quantised;
