/// How a text came to be, step by step: recorded from any sampler, kept in a file, shown as a page, compared.
package org.sfumato.models.trace;
