/// The transformer: one class, families by configuration.
package org.sfumato.models.transformer;
