/// Layers as records whose components are the parameters.
///
/// Start with [org.sfumato.nn.Layer] and [org.sfumato.nn.Linear]. A layer is a record of tensors, other layers, lists
/// of layers and settings; its parameters are found in its components and named by dotted paths, as
/// `blocks.0.attention.output.weight`. A layer of one's own is a public record:
///
/// ```java
/// public record Residual(RmsNorm norm, Mlp mlp) implements Layer {
///     public Tensor forward(Tensor x) {
///         return x.add(mlp.forward(norm.forward(x)));
///     }
/// }
/// ```
///
/// There is no common `forward`: a layer takes what it needs. What differs in training is told by a
/// [org.sfumato.nn.Pass]. First values come from a static `init` with an [org.sfumato.tensor.Rng], and live in the
/// scope that is current then. Optimisers are in `org.sfumato.nn.optim`, saving in `org.sfumato.nn.checkpoint`.
package org.sfumato.nn;
