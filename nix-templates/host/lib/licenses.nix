# The licences that application files name; enough for `meta.license`.
let
  spdx = free: id: fullName: { inherit fullName free; spdxId = id; shortName = id; url = "https://spdx.org/licenses/${id}.html"; redistributable = free; deprecated = false; };
  free = spdx true;
in
{
  afl3 = free "AFL-3.0" "Academic Free License v3.0";
  agpl3 = free "AGPL-3.0" "GNU Affero General Public License v3.0";
  agpl3Only = free "AGPL-3.0-only" "GNU Affero General Public License v3.0 only";
  agpl3Plus = free "AGPL-3.0-or-later" "GNU Affero General Public License v3.0 or later";
  artistic2 = free "Artistic-2.0" "Artistic License 2.0";
  asl20 = free "Apache-2.0" "Apache License 2.0";
  bsd0 = free "0BSD" "BSD Zero Clause License";
  bsd2 = free "BSD-2-Clause" "BSD 2-clause \"Simplified\" License";
  bsd3 = free "BSD-3-Clause" "BSD 3-clause \"New\" or \"Revised\" License";
  boost = free "BSL-1.0" "Boost Software License 1.0";
  bsl11 = spdx false "BUSL-1.1" "Business Source License 1.1";
  cc-by-40 = free "CC-BY-4.0" "Creative Commons Attribution 4.0";
  cc-by-sa-40 = free "CC-BY-SA-4.0" "Creative Commons Attribution Share Alike 4.0";
  cc0 = free "CC0-1.0" "Creative Commons Zero v1.0 Universal";
  eupl12 = free "EUPL-1.2" "European Union Public License 1.2";
  epl20 = free "EPL-2.0" "Eclipse Public License 2.0";
  gpl2 = free "GPL-2.0" "GNU General Public License v2.0";
  gpl2Only = free "GPL-2.0-only" "GNU General Public License v2.0 only";
  gpl2Plus = free "GPL-2.0-or-later" "GNU General Public License v2.0 or later";
  gpl3 = free "GPL-3.0" "GNU General Public License v3.0";
  gpl3Only = free "GPL-3.0-only" "GNU General Public License v3.0 only";
  gpl3Plus = free "GPL-3.0-or-later" "GNU General Public License v3.0 or later";
  isc = free "ISC" "ISC License";
  lgpl21Only = free "LGPL-2.1-only" "GNU Lesser General Public License v2.1 only";
  lgpl21Plus = free "LGPL-2.1-or-later" "GNU Lesser General Public License v2.1 or later";
  lgpl3Only = free "LGPL-3.0-only" "GNU Lesser General Public License v3.0 only";
  lgpl3Plus = free "LGPL-3.0-or-later" "GNU Lesser General Public License v3.0 or later";
  mit = free "MIT" "MIT License";
  mit0 = free "MIT-0" "MIT No Attribution";
  mpl20 = free "MPL-2.0" "Mozilla Public License 2.0";
  psfl = free "Python-2.0" "Python Software Foundation License version 2";
  sspl = spdx false "SSPL-1.0" "Server Side Public License";
  unlicense = free "Unlicense" "The Unlicense";
  zlib = free "Zlib" "zlib License";
  publicDomain = { fullName = "Public Domain"; shortName = "publicDomain"; free = true; redistributable = true; deprecated = false; };
  free = { fullName = "Unspecified free software license"; shortName = "free"; free = true; redistributable = true; deprecated = false; };
  unfree = { fullName = "Unfree"; shortName = "unfree"; free = false; redistributable = false; deprecated = false; };
  unfreeRedistributable = { fullName = "Unfree redistributable"; shortName = "unfreeRedistributable"; free = false; redistributable = true; deprecated = false; };
}
