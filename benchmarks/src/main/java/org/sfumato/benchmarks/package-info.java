/// Programs that measure, each beside PyTorch's side of the same work, and the rules of the house as tests.
///
/// A number without a peer from the same run says nothing: the scripts beside this module's POM run PyTorch on the
/// same machine, and ratios are what is compared.
package org.sfumato.benchmarks;
