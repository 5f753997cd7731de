/// Tensors: shapes, data types, devices, scopes of memory, random numbers, and every operation a user calls.
///
/// Start with [org.sfumato.tensor.Tensor]: its static methods make tensors, and its four interfaces hold what can be
/// done with them.
///
///   - [org.sfumato.tensor.Arithmetic]: element by element, with broadcasting.
///   - [org.sfumato.tensor.Movement]: views, slices, copies.
///   - [org.sfumato.tensor.Reductions]: sums, extremes, order, indices.
///   - [org.sfumato.tensor.Network]: matrix products, softmax, norms, attention, cross-entropy, dropout.
///
/// ```java
/// Scope.temporary(() -> {                                        // frees all that is made inside
///     var x = Tensor.normal(Shape.of(4, 8), Rng.of(42));         // (4, 8)
///     var w = Tensor.ones(8, 2);                                 // (8, 2)
///     var y = x.matmul(w).softmax(-1);                           // (4, 2)
///     var rows = y.sum(-1).toFloats();                           // four times 1
/// });
/// ```
///
/// Memory is owned by a [org.sfumato.tensor.Scope]; [org.sfumato.tensor.Memory] counts it. Randomness is a value,
/// [org.sfumato.tensor.Rng]. [org.sfumato.tensor.Fuse] makes one operation of a formula. All operations go through
/// [org.sfumato.tensor.Dispatch], where a recorder may listen; this package knows no tape. Settings of the process are
/// in [org.sfumato.tensor.Settings].
///
/// Programs run with `--add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED`.
package org.sfumato.tensor;
