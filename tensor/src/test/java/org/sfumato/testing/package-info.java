/// Fixtures that the tests of several modules share; published as the test-jar of `tensor`.
package org.sfumato.testing;
