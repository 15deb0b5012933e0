import type { ConfigInput } from './config.js';
import type { Preset } from './preset.js';

/** What each of the rivals does with its weights. */
const rivals = {
  static: 'the live weights of the start stay, the baseline of all sparse training',
  set: 'SET: the smallest weights go, random ones grow',
  rigl: 'RigL: the smallest weights go, those of the largest gradients grow',
  gmp: 'gradual magnitude pruning: from dense, the smallest weights go',
} as const;

/**
 * The same training by methods of other papers, by SGD on a support: presets `NAME-static`, `-set`, `-rigl` and
 * `-gmp`.
 *
 * @param subject what is trained on what, for the description
 * @param density of the end, live weights / weights
 */
export function rivalsOf(
  name: string,
  subject: string,
  density: number,
  config: ConfigInput,
): Record<string, Preset> {
  const regularizer = { kind: 'none' } as const;
  const optimizer = { method: 'sgd', lambda: 0, regularizer, ...config.optimizer } as const;
  const share = Number((100 * density).toPrecision(3));
  const entries = Object.entries(rivals).map(([kind, what]): [string, Preset] => [
    `${name}-${kind}`,
    {
      description: `${subject} with ${share} % of the weights, ${what}`,
      config: { ...config, optimizer, support: { kind: kind as keyof typeof rivals, density } },
    },
  ]);
  return Object.fromEntries(entries);
}
