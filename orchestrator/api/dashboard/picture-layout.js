// Where the nodes and edges of a picture lie: layers from top to bottom, few crossings, straight lines. Pure.
// The usual way (Sugiyama, Tagawa, Toda 1981): layers by the longest path, order in a layer by the mean of the
// neighbours, places by least squares with a least distance (pool adjacent violators). Labels take a place of their own.

const GAP_ACROSS = 28; // px between two neighbours of a layer
const GAP_DOWN = 24; // px between two layers; every second layer holds only labels
const LABEL_HEIGHT = 24;
const LANE = 14; // px beside an edge that leads back
const [FEWEST_SWEEPS, MOST_SWEEPS] = [2, 12];
const MOST_WORK = 40_000; // places times sweeps: a journey all of long ways is drawn in fewer, so that one can type on
const MARGIN = 12;
const FIRM = 100; // how much more a place right below its only leader counts than the others of its layer
const STRAIGHT = 4; // how much more a bend of a long edge counts than a node off its neighbours' middle

/**
 * `nodes` are {key, width, height}, `edges` {from, to, isBack, labelWidth} (0: no label). Returns {width, height, nodes,
 * edges}: nodes by key as {x, y} of their middle top, edges in order as {points: [{x, y}], label: {x, y} or null}.
 */
export function layoutOf(nodes, edges) {
  const ranks = ranksOf(nodes, edges);
  const { places, chains } = placesOf(nodes, edges, ranks);
  const layers = layersOf(places);
  const sweeps = Math.max(FEWEST_SWEEPS, Math.min(MOST_SWEEPS, Math.floor(MOST_WORK / places.length)));
  orderLayers(layers, sweeps);
  placeAcross(layers, sweeps);
  const height = placeDown(layers);
  const left = Math.min(...places.map(({ x, width }) => x - width / 2));
  for (const place of places) place.x += MARGIN - left;
  const right = Math.max(...places.map(({ x, width }) => x + width / 2));
  const at = new Map(places.filter(({ key }) => key !== null).map((place) => [place.key, place]));
  let widest = right; // of everything drawn so far: the next edge that leads back passes to the right of it
  const drawn = edges.map((edge, index) => {
    if (chains[index] !== null) return alongChain(at.get(edge.from), chains[index], at.get(edge.to), edge.labelWidth > 0);
    const lane = widest + LANE + edge.labelWidth / 2;
    widest = lane + edge.labelWidth / 2;
    return alongLane(at.get(edge.from), at.get(edge.to), lane, edge.labelWidth > 0);
  });
  const spots = new Map([...at].map(([key, { x, y }]) => [key, { x, y }]));
  return { width: widest + MARGIN, height: height + MARGIN, nodes: spots, edges: drawn };
}

/** By key, the longest path from the top, in steps. */
export function ranksOf(nodes, edges) {
  const ranks = new Map(nodes.map(({ key }) => [key, 0]));
  const forward = edges.filter(({ isBack }) => !isBack);
  const waits = new Map(nodes.map(({ key }) => [key, 0]));
  for (const { to } of forward) waits.set(to, waits.get(to) + 1);
  const out = new Map(nodes.map(({ key }) => [key, []]));
  for (const edge of forward) out.get(edge.from).push(edge.to);
  const ready = nodes.map(({ key }) => key).filter((key) => waits.get(key) === 0);
  for (const key of ready) {
    for (const to of out.get(key)) {
      ranks.set(to, Math.max(ranks.get(to), ranks.get(key) + 1));
      waits.set(to, waits.get(to) - 1);
      if (waits.get(to) === 0) ready.push(to);
    }
  }
  return ranks;
}

/** A place for each node, and for each layer that an edge crosses: the first of those holds its label. */
function placesOf(nodes, edges, ranks) {
  const place = (key, layer, width, height) => ({ key, layer, width, height, above: [], below: [], x: 0, y: 0, order: 0 });
  const own = new Map(nodes.map(({ key, width, height }) => [key, place(key, 2 * ranks.get(key), width, height)]));
  const places = [...own.values()];
  const chains = edges.map(({ from, to, isBack, labelWidth }) => {
    if (isBack) return null;
    const chain = [];
    let before = own.get(from);
    for (let layer = before.layer + 1; layer < own.get(to).layer; layer += 1) {
      const isLabel = chain.length === 0;
      const next = place(null, layer, isLabel ? labelWidth : 0, isLabel && labelWidth > 0 ? LABEL_HEIGHT : 0);
      join(before, next);
      chain.push(next);
      places.push(next);
      before = next;
    }
    join(before, own.get(to));
    return chain;
  });
  return { places, chains };
}

function join(upper, lower) {
  upper.below.push(lower);
  lower.above.push(upper);
}

function layersOf(places) {
  const layers = [];
  for (const place of places) (layers[place.layer] ??= []).push(place);
  for (let at = 0; at < layers.length; at += 1) layers[at] ??= [];
  return layers;
}

/** Puts each layer in the order of its neighbours' middles, down and up again; the best order of all sweeps counts. */
function orderLayers(layers, sweeps) {
  const number = () => layers.forEach((layer) => layer.forEach((place, order) => (place.order = order)));
  const middle = (near, own) => (near.length === 0 ? own : near.reduce((sum, { order }) => sum + order, 0) / near.length);
  number();
  let best = layers.map((layer) => [...layer]);
  let fewest = crossings(layers);
  for (let sweep = 0; sweep < sweeps && fewest > 0; sweep += 1) {
    const isDown = sweep % 2 === 0;
    for (const layer of isDown ? layers : [...layers].reverse()) {
      const wanted = new Map(layer.map((place) => [place, middle(isDown ? place.above : place.below, place.order)]));
      layer.sort((a, b) => wanted.get(a) - wanted.get(b) || a.order - b.order);
      layer.forEach((place, order) => (place.order = order));
    }
    const now = crossings(layers);
    if (now < fewest) [fewest, best] = [now, layers.map((layer) => [...layer])];
  }
  best.forEach((layer, at) => (layers[at] = layer));
  number();
}

/** How many pairs of lines cross: between each two layers, the pairs of ends that are in the wrong order. */
function crossings(layers) {
  return layers.reduce((sum, layer, at) => {
    const ends = layer.flatMap((place) => place.below.map(({ order }) => order).sort((a, b) => a - b));
    return sum + inversions(ends, layers[at + 1]?.length ?? 0);
  }, 0);
}

/** Pairs of numbers below `size` of which the larger comes first: by a Fenwick tree, since long lines make wide layers. */
function inversions(numbers, size) {
  const tree = new Array(size + 1).fill(0);
  let found = 0;
  numbers.forEach((number, met) => {
    found += met;
    for (let at = number + 1; at > 0; at -= at & -at) found -= tree[at];
    for (let at = number + 1; at <= size; at += at & -at) tree[at] += 1;
  });
  return found;
}

function placeAcross(layers, sweeps) {
  for (const layer of layers) spread(layer, layer.map(() => 0), layer.map(() => 1));
  for (let sweep = 0; sweep < 2 * sweeps; sweep += 1) {
    const isDown = sweep % 2 === 0;
    for (const layer of isDown ? layers : [...layers].reverse()) {
      const near = (place) => (sweep >= 2 * sweeps - 4 ? [...place.above, ...place.below] : isDown ? place.above : place.below);
      const wanted = layer.map((place) => mean(near(place)) ?? place.x);
      spread(layer, wanted, layer.map((place) => (place.key === null ? STRAIGHT : 1)));
    }
  }
  straighten(layers);
}

/** Puts each place whose only way in is the only way out of another right below it. */
function straighten(layers) {
  const leader = ({ above }) => (above.length === 1 && above[0].below.length === 1 ? above[0] : null);
  for (const layer of layers) spread(layer, layer.map((place) => leader(place)?.x ?? place.x), layer.map((place) => (leader(place) ? FIRM : 1)));
}

const mean = (places) => (places.length === 0 ? null : places.reduce((sum, { x }) => sum + x, 0) / places.length);

/** The places nearest to `wanted` that keep order and distance: least squares, by pooling adjacent violators. */
function spread(layer, wanted, weights) {
  const offsets = [];
  layer.forEach(({ width }, at) => offsets.push(at === 0 ? 0 : offsets[at - 1] + (layer[at - 1].width + width) / 2 + GAP_ACROSS));
  const pools = [];
  layer.forEach((_, at) => {
    let pool = { mean: wanted[at] - offsets[at], weight: weights[at], size: 1 };
    while (pools.length > 0 && pools.at(-1).mean >= pool.mean) {
      const before = pools.pop();
      const weight = before.weight + pool.weight;
      pool = { mean: (before.mean * before.weight + pool.mean * pool.weight) / weight, weight, size: before.size + pool.size };
    }
    pools.push(pool);
  });
  let at = 0;
  for (const { mean: shift, size } of pools) for (const end = at + size; at < end; at += 1) layer[at].x = shift + offsets[at];
}

function placeDown(layers) {
  let y = MARGIN;
  for (const layer of layers) {
    const height = Math.max(0, ...layer.map((place) => place.height));
    for (const place of layer) place.y = y + (place.key === null ? (height - place.height) / 2 : 0);
    y += height + GAP_DOWN;
  }
  return y - GAP_DOWN;
}

function alongChain(from, chain, to, hasLabel) {
  const points = [{ x: from.x, y: from.y + from.height }];
  for (const { x, y, height } of chain) points.push({ x, y }, { x, y: y + height });
  points.push({ x: to.x, y: to.y });
  const first = chain[0];
  return { points, label: hasLabel && first ? { x: first.x, y: first.y + first.height / 2 } : null };
}

/** Out to the right of everything, up, and in again from the right. */
function alongLane(from, to, lane, hasLabel) {
  const start = { x: from.x + from.width / 2, y: from.y + from.height / 2 };
  const end = { x: to.x + to.width / 2, y: to.y + to.height / 2 };
  const points = [start, { x: lane, y: start.y }, { x: lane, y: end.y }, end];
  return { points, label: hasLabel ? { x: lane, y: (start.y + end.y) / 2 } : null };
}
