/** What people write and what they are told: near names, one-line messages, strict YAML. */
package org.efrnet.text;
