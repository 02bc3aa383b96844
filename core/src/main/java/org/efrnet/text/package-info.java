/** Words in messages to people. */
package org.efrnet.text;
