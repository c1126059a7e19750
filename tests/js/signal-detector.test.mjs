// SignalDetector: what it finds, how often it alarms, values and times of every kind, steps and outliers, and
// its saved states.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';

import { SignalDetector } from 'bit-ttt';

import { fails, rejects } from './support/backends.mjs';
import { KINDS, noise, readAll } from './support/signals.mjs';

const WARM = 150;
const start = Date.UTC(2026, 0, 5) / 1000;
const everyFiveMinutes = (i) => start + 300 * i;

/** The places of the readings that are alarms. */
const alarmsIn = (readings) => readings.flatMap(({ alarm }, i) => (alarm ? [i] : []));

const detect = async (length, signal, options = {}, timeAt = undefined) =>
  readAll(await SignalDetector.create(options), length, signal, timeAt);

describe('what a SignalDetector finds', () => {
  it('one alarm for a planted spike, which it did not expect', async () => {
    const g = noise();
    const signal = (i) => Math.sin(i / 20) + 0.05 * g() + (i === 1500 ? 3 : 0);
    const found = await detect(2000, signal);
    assert.ok(found[1500].alarm);
    assert.ok(found[1500].score >= 5);
    assert.ok(found[1500].expected[1] < 2);
    assert.deepEqual(
      alarmsIn(found).filter((i) => i > 1500 && i < 1560),
      [],
    );
  });

  it('another shape within the usual range', async () => {
    const g = noise();
    const wave = (i) => Math.sin((2 * Math.PI * i) / 100) + 0.03 * g();
    const found = await detect(4000, (i) => (i >= 3000 && i < 3050 ? 0.3 + 0.01 * g() : wave(i)));
    assert.ok(alarmsIn(found).some((i) => i >= 3000 && i < 3055));
  });

  it('a night value by day, if times are given', async () => {
    const g = noise();
    const day = (i) => (i % 288 >= 96 && i % 288 < 240 ? 10 : 0) + 0.3 * g();
    const at = 288 * 40 + 150; // at noon
    const signal = (i) => (i >= at && i < at + 12 ? 0.3 * g() : day(i));
    const found = await detect(288 * 41, signal, {}, everyFiveMinutes);
    const [, high] = found[288 * 40 + 40].expected;
    assert.ok(high < 9, `at night it expects less than by day: ${high}`);
    assert.ok(alarmsIn(found).some((i) => i >= at && i < at + 15));
  });

  it('98 of 100 values within the expected range', async () => {
    for (const kind of ['noise', 'a wave in noise', 'weeks and days']) {
      const signal = KINDS[kind]();
      const detector = await SignalDetector.create();
      let outside = 0;
      for (let i = 0; i < 6000; i++) {
        const value = signal(i);
        const [low, high] = detector.read(value, everyFiveMinutes(i)).expected;
        if (i >= 1000 && (value < low || value > high)) outside++;
      }
      assert.ok(outside / 5000 < 0.04, `${kind}: ${outside}`);
    }
  });

  it('nothing while it is not warm', async () => {
    const found = await detect(400, (i) => (i === 100 ? 1e6 : i % 7));
    assert.deepEqual(
      found.map(({ warm }) => warm),
      found.map((_, i) => i >= WARM),
    );
    for (const { score, alarm } of found.slice(0, WARM))
      assert.deepEqual([score, alarm], [0, false]);
  });
});

describe('the rate of alarms', () => {
  for (const [kind, make] of Object.entries(KINDS))
    it(`is within a factor of two of 1 % for ${kind}`, async () => {
      const found = await detect(6000, make(), { alarmRate: 0.01 }, everyFiveMinutes);
      const share = alarmsIn(found).length / (6000 - WARM);
      assert.ok(share >= 0.005 && share <= 0.02, `${share}`);
    });

  it('is within a factor of two of 1 in 1000', async () => {
    for (const [kind, make] of Object.entries(KINDS)) {
      const found = await detect(30000, make(), {}, everyFiveMinutes);
      const share = alarmsIn(found).length / (30000 - WARM);
      assert.ok(share >= 0.0005 && share <= 0.002, `${kind}: ${share}`);
    }
  });

  it('is 0 for a constant', async () => {
    const found = await detect(6000, () => 7, { alarmRate: 0.1 }, everyFiveMinutes);
    assert.deepEqual(alarmsIn(found), []);
    assert.deepEqual(found.at(-1).expected, [7, 7]);
  });
});

describe('values and times of every kind', () => {
  const isKnown = ({ expected: [low, high] }) =>
    Number.isFinite(low) && Number.isFinite(high) && low <= high;

  it('a missing value teaches nothing, and what is expected is still told', async () => {
    const with_ = await SignalDetector.create();
    const without = await SignalDetector.create();
    const signal = KINDS['a wave in noise']();
    for (let i = 0; i < 1000; i++) {
      const value = signal(i);
      assert.deepEqual(with_.read(value).expected, without.read(value).expected);
      for (const missing of [NaN, null, undefined]) {
        const { score, alarm, expected } = with_.read(missing, everyFiveMinutes(i));
        assert.deepEqual([score, alarm], [0, false]);
        if (i > 1) assert.ok(isKnown({ expected }));
      }
    }
    assert.equal(with_.valuesSeen, 1000);
  });

  it('anything is expected of the first two values, and a finite range of all others', async () => {
    const found = await detect(20, (i) => i);
    const anything = [-Infinity, Infinity];
    assert.deepEqual([found[0].expected, found[1].expected], [anything, anything]);
    assert.ok(found.slice(2).every(isKnown));
  });

  for (const [name, signal] of Object.entries({
    'the largest numbers': (i) => (i % 2 ? 1 : -1) * 1.7e308 * ((i % 13) / 12),
    '1e300 among small ones': (i) => (i % 500 === 499 ? 1e300 : i % 5),
    'denormal numbers': (i) => 5e-324 * (i % 10),
    'zeros of both signs': (i) => (i % 2 ? -0 : 0),
    'a change of sign of 1e300': (i) => (i === 500 ? -1e300 : 1e300),
    'the largest and the smallest': (i) => (i < 500 ? 5e-324 : Number.MAX_VALUE),
  }))
    it(`${name}`, async () => {
      const found = await detect(1200, signal);
      assert.ok(found.slice(2).every(isKnown));
      for (const { score, expected } of found) {
        assert.ok(score >= 0 && score < 8);
        assert.ok(!expected.some((bound) => Object.is(bound, -0)));
      }
    });

  it('the other value of a constant', async () => {
    for (const [usual, other] of [
      [7, 7.001],
      [0, 1e-9],
      [-1e9, 0],
    ]) {
      const found = await detect(400, (i) => (i === 200 ? other : usual));
      assert.deepEqual(alarmsIn(found), [200]);
    }
  });

  it('times that are irregular, go backwards, or are given only now and then', async () => {
    const times = [
      (i) => start + 300 * i + ((i * 7919) % 900),
      (i) => start - 300 * i,
      (i) => (i % 3 ? undefined : everyFiveMinutes(i)),
      (i) => new Date(1000 * everyFiveMinutes(i)),
      (i) => (i % 2 ? -1e11 : 1e11),
    ];
    for (const timeAt of times) {
      const found = await detect(600, KINDS['a wave in noise'](), {}, timeAt);
      assert.ok(found.slice(2).every(isKnown));
    }
  });

  it('a Date is the same as its seconds', async () => {
    const seconds = await detect(600, KINDS['weeks and days'](), {}, everyFiveMinutes);
    const dates = await detect(600, KINDS['weeks and days'](), {}, (i) => {
      return new Date(1000 * everyFiveMinutes(i));
    });
    assert.deepEqual(dates, seconds);
  });

  it('refuses what is no value or no time, and has changed nothing', async () => {
    const detector = await SignalDetector.create();
    readAll(detector, 300, KINDS.noise());
    const before = detector.save();
    const refused = (value, time, text) =>
      fails(() => detector.read(value, time), 'INVALID_ARGUMENT', text);
    refused(Infinity, 0, /value must be finite/);
    refused(-Infinity, 0, /value must be finite/);
    refused('1', 0, /value must be a number, not/);
    refused(1n, 0, /value must be a number/);
    refused({}, 0, /value must be a number/);
    refused(1, NaN, /time must be a Date or seconds/);
    refused(1, Infinity, /time must be/);
    refused(1, '2026-01-01', /time must be/);
    refused(1, null, /time must be/);
    refused(1, new Date(NaN), /time is not a valid Date/);
    refused(1, Date.UTC(2026, 0, 1), /milliseconds/);
    assert.deepEqual(detector.save(), before);
  });

  it('refuses bad options and names what is wrong', async () => {
    await rejects(() => SignalDetector.create({ alarmrate: 0.1 }), 'INVALID_ARGUMENT', /alarmRate/);
    await rejects(() => SignalDetector.create({ alarmRate: '1' }), 'INVALID_ARGUMENT', /alarmRate/);
    await rejects(() => SignalDetector.create({ alarmRate: 1 }), 'INVALID_OPTION', /alarmRate/);
    await rejects(
      () => SignalDetector.create({ alarmRate: 0 }),
      'INVALID_OPTION',
      /0\.0001 to 0\.1/,
    );
    await rejects(() => SignalDetector.create(null), 'INVALID_ARGUMENT');
    const detector = await SignalDetector.create({ alarmRate: 0.1, backend: 'wasm' });
    assert.equal(detector.alarmRate, 0.1);
  });
});

describe('steps and outliers', () => {
  /** From here on after a step its values are usual: alarms are as rare as on any signal. */
  const BOUND = 400;
  const AT = 3000;
  const steps = {
    'a small step of level': (i, g) => (i < AT ? 0 : 6) + g,
    'a step of level': (i, g) => (i < AT ? 0 : 1000) + g,
    'a step of scale': (i, g) => (i < AT ? 1 : 10) * g,
    'a large step of scale': (i, g) => (i < AT ? 1 : 1e6) * g,
    'a step of scale to 1e300': (i, g) => (i < AT ? 1 : 1e300) * g,
    'a step from a constant': (i, g) => (i < AT ? 5 : 100 + g),
  };
  for (const [name, signal] of Object.entries(steps))
    it(`${name} is an alarm, and usual after ${BOUND} values`, async () => {
      const g = noise();
      const found = alarmsIn(await detect(AT + 4000, (i) => signal(i, g())));
      const during = found.filter((i) => i >= AT && i < AT + BOUND);
      assert.ok(during.includes(AT) || during[0] < AT + 5, `${during}`);
      assert.ok(during.length <= 6, `${during}`);
      assert.ok(found.filter((i) => i >= AT + BOUND).length <= 8, `${found}`);
    });

  for (const huge of [1e6, 1e300])
    it(`an outlier of ${huge} does not hide a smaller one that comes later`, async () => {
      const g = noise();
      for (const at of [160, 3000]) {
        const signal = (i) => (i === at ? huge : i === at + 1000 ? 20 : g());
        const found = await detect(at + 1500, signal);
        assert.ok(found[at].alarm && found[at + 1000].alarm);
        const [low, high] = found.at(-1).expected;
        assert.ok(low > -6 && high < 6, `${low} ${high}`);
      }
    });

  for (const factor of [0.1, 1e-3, 1e-200])
    it(`after a fall of scale to ${factor} it sees what is odd at the new one within 2000 values`, async () => {
      const g = noise();
      const at = 5100;
      const signal = (i) => (i === at ? 20 * factor : (i < 3000 ? 1 : factor) * g());
      const found = await detect(at + 10, signal);
      assert.ok(found[at].alarm && found[at].score >= 5);
      assert.ok(found[at].expected[1] < 6 * factor);
    });

  it('outliers are still alarms after many of them', async () => {
    const g = noise();
    const signal = (i) => (i % 2000 === 1999 ? 30 + i / 1000 : g());
    const found = await detect(60000, signal);
    const odd = found.filter((_, i) => i % 2000 === 1999);
    assert.ok(odd.filter(({ alarm }) => alarm).length >= 25, `${odd.map(({ alarm }) => +alarm)}`);
  });

  it('nor does one before it is warm', async () => {
    const g = noise();
    for (const at of [5, 50]) {
      const found = await detect(1000, (i) => (i === at ? 1e6 : i === 600 ? 20 : g()));
      assert.ok(found[600].alarm);
    }
  });
});

describe('saved SignalDetectors', () => {
  const made = async (length = 2000, options = {}) => {
    const detector = await SignalDetector.create(options);
    const signal = KINDS['weeks and days']();
    readAll(detector, length, signal, everyFiveMinutes);
    return { detector, signal };
  };

  it('go on with the same findings, at any place', async () => {
    for (const length of [0, 1, 2, 149, 1000, 26000]) {
      const { detector } = await made(length, { alarmRate: 0.01 });
      const saved = detector.save();
      const loaded = await SignalDetector.load(saved);
      assert.equal(loaded.alarmRate, 0.01);
      assert.equal(loaded.valuesSeen, length);
      assert.deepEqual(loaded.save(), saved);
      const rest = () => {
        const g = KINDS['a random walk']();
        return (i) => (i % 11 ? g(i) : NaN);
      };
      const expected = readAll(detector, 800, rest(), everyFiveMinutes);
      assert.deepEqual(readAll(loaded, 800, rest(), everyFiveMinutes), expected);
      assert.deepEqual(loaded.save(), detector.save());
    }
  });

  it('take another rate of alarms if one is given', async () => {
    const { detector } = await made(200);
    const bytes = detector.save();
    const loaded = await SignalDetector.load(bytes.buffer, { alarmRate: 0.05 });
    assert.equal(loaded.alarmRate, 0.05);
    assert.equal((await SignalDetector.load(loaded.save())).alarmRate, 0.05);
    await rejects(() => SignalDetector.load(bytes, { rate: 1 }), 'INVALID_ARGUMENT', /rate/);
  });

  it('are refused with a flipped byte, cut short or made longer', async () => {
    const { detector } = await made(160);
    const bytes = detector.save();
    for (let i = 0; i < bytes.length; i++) {
      const changed = bytes.slice();
      changed[i] ^= 1 << (i % 8);
      await rejects(() => SignalDetector.load(changed), 'STATE_DAMAGED');
      await rejects(() => SignalDetector.load(bytes.subarray(0, i)), 'STATE_DAMAGED');
    }
    await rejects(() => SignalDetector.load(Uint8Array.of(...bytes, 0)), 'STATE_DAMAGED');
  });

  it('of a newer version are refused', async () => {
    const { detector } = await made(3);
    const bytes = detector.save();
    const view = new DataView(bytes.buffer);
    view.setUint32(8, 2, true);
    let hash = 0x811c9dc5; // FNV-1a, as ts/detect/bytes.ts has it
    for (const byte of bytes.subarray(0, -4)) hash = Math.imul(hash ^ byte, 0x01000193);
    view.setUint32(bytes.length - 4, hash >>> 0, true);
    await rejects(() => SignalDetector.load(bytes), 'STATE_VERSION', /format 2/);
  });

  it('stay small on an endless signal', async () => {
    const detector = await SignalDetector.create();
    const walk = KINDS['a random walk']();
    const sizes = [];
    for (let i = 0; i < 200000; i++) {
      detector.read(walk(i), everyFiveMinutes(i));
      if (i % 50000 === 49999) sizes.push(detector.save().length);
    }
    assert.ok(Math.max(...sizes) < 1e6, `${sizes}`);
  });
});
