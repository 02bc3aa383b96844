package org.efrnet.networks;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;
import org.efrnet.ops.Network;

/** Every network of the project by name, in the order in which tables show them. */
public final class Networks {
  private static final Map<String, IntFunction<Network>> BY_NAME = new LinkedHashMap<>();

  static {
    List<IntFunction<Network>> all = new ArrayList<>();
    all.add(EfrNet::of);
    all.add(EfrNet::baseline);
    all.add(EfrNet::withFusion1);
    all.add(EfrNet::withFusions);
    all.add(EfrNet::variantR2);
    all.add(EfrNet::variantS);
    all.add(EfrNet::variantSPrime);
    all.add(ENet::new);
    all.add(DavidtvsENet::today);
    all.add(DavidtvsENet::of2018);
    all.add(SegNet::of);
    all.add(ErfNet::of);
    all.add(ErfNet::withEncoderHead);
    all.add(CgNet::of);
    all.add(BiSeNet::resNet18);
    all.add(BiSeNet::xception39);
    all.add(IcNet::new);
    all.add(IcNetR18::new);
    all.add(RthpNet::of);
    all.add(RthpNet::coarse);
    for (IntFunction<Network> network : all) {
      BY_NAME.put(network.apply(2).name(), network);
    }
  }

  private Networks() {}

  /** The names that {@link #named} knows. */
  public static List<String> names() {
    return List.copyOf(BY_NAME.keySet());
  }

  /** The network of that name for so many classes, if there is one. */
  public static Optional<Network> named(String name, int classes) {
    return Optional.ofNullable(BY_NAME.get(name)).map(n -> n.apply(classes));
  }
}
