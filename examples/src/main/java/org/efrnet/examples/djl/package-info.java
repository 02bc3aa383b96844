/** An exported model in the Deep Java Library. */
package org.efrnet.examples.djl;
