/**
 * Violations planted for {@link org.efrnet.cli.HouseRulesTest}: each rule must catch its own. Never
 * part of the product: the rules read it only where they are meant to fail.
 */
package org.efrnet.cli.planted;
