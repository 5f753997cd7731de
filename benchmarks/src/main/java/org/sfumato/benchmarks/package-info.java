/// Benchmarks.
package org.sfumato.benchmarks;
