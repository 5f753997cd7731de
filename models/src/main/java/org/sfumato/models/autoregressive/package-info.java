/// Text written from left to right by a causal network.
package org.sfumato.models.autoregressive;
