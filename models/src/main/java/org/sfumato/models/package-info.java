/// Text diffusion models.
package org.sfumato.models;
