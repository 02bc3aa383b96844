/** Pages of HTML that need nothing but themselves. */
package org.efrnet.pages;
