/// Example programs, each one file to be read from top to bottom.
///
///   - [org.sfumato.examples.FirstSteps]: tensors, scopes, gradients.
///   - [org.sfumato.examples.CustomOperation]: a formula and an operation of one's own, with their gradients checked.
///   - [org.sfumato.examples.TrainMaskedPredictor]: trains on a text file with the loop written out, then writes.
///
/// After `./sfumato info` has built the jars, from the root of the repository:
///
/// ```
/// java --add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED \
///     -cp "$(echo examples/target/sfumato-examples-*.jar):examples/target/lib/*" org.sfumato.examples.FirstSteps
/// ```
///
/// First steps in JShell are in `src/main/jshell/first-steps.jsh`.
package org.sfumato.examples;
