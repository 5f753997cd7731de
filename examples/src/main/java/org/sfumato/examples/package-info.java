/// Example programs.
package org.sfumato.examples;
