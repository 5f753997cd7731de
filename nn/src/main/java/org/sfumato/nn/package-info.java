/// Layers as records whose components are the parameters.
package org.sfumato.nn;
