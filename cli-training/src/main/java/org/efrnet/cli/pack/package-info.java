/**
 * Packs for hosts without a network, a JDK or Maven: what trains there, in one folder or in pieces.
 */
package org.efrnet.cli.pack;
