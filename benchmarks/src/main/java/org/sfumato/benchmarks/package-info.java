/// What measures the library: the command `sfumato bench` and JMH benchmarks.
package org.sfumato.benchmarks;
