/// The reference backend: plain loops in float64, slow and obvious.
package org.sfumato.tensor.reference;
