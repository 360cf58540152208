import * as React from 'react';

import { formatBytes, formatTime, formatValue, shortType, versionLabel } from '../format';
import type { ArtifactDetails, ArtifactVersion } from '../protocol';
import { CopyButton } from './CopyButton';
import { PreviewView } from './PreviewView';

export interface ArtifactPanelProps {
  details: ArtifactDetails;
  onVersion: (id: string) => void;
  /** To the step that made it, or one that used it. */
  onStep: (name: string) => void;
  onCopy: (text: string) => void;
}

/** One artifact version: facts, neighbours, preview, metadata and its sisters. */
export function ArtifactPanel(props: ArtifactPanelProps): React.JSX.Element {
  const { details, onStep } = props;
  const { version, producer, consumers, preview } = details;
  return (
    <>
      <Facts version={version}>
        <dt>Produced by</dt>
        <dd>
          {producer === null ? 'outside a step' : <StepLinks names={[producer]} {...{ onStep }} />}
        </dd>
        <dt>Used by</dt>
        <dd>{consumers.length === 0 ? '—' : <StepLinks names={consumers} {...{ onStep }} />}</dd>
      </Facts>
      {version.tags.length > 0 && (
        <ul className="mlpipe-Tags" aria-label="Tags">
          {version.tags.map(tag => (
            <li key={tag}>{tag}</li>
          ))}
        </ul>
      )}
      <Section title="Preview">
        {preview === null ? <p>No preview was kept.</p> : <PreviewView preview={preview} />}
      </Section>
      <Metadata version={version} />
      <Versions {...props} />
      <Section title="Load it in Python">
        <pre className="mlpipe-Code">{details.load_code}</pre>
        <CopyButton text={details.load_code} label="Copy load code" onCopy={props.onCopy} />
      </Section>
    </>
  );
}

function Facts(props: { version: ArtifactVersion; children: React.ReactNode }): React.JSX.Element {
  const { version } = props;
  return (
    <dl className="mlpipe-Facts">
      <dt>Name</dt>
      <dd>{version.name}</dd>
      {version.version_name !== null && (
        <>
          <dt>Version</dt>
          <dd>{`${version.version_name} (v${version.version})`}</dd>
        </>
      )}
      <dt>Type</dt>
      <dd title={version.python_type}>
        {version.type} · {shortType(version.python_type)}
      </dd>
      <dt>Size</dt>
      <dd>
        {formatBytes(version.nbytes)}, stored as {version.materializer}
      </dd>
      <dt>Created</dt>
      <dd>{formatTime(version.created)}</dd>
      <dt>Digest</dt>
      <dd title={version.digest}>
        <code>{version.digest.slice(0, 12)}</code>
      </dd>
      {props.children}
    </dl>
  );
}

function StepLinks(props: {
  names: readonly string[];
  onStep: (name: string) => void;
}): React.JSX.Element {
  return (
    <>
      {props.names.map(name => (
        <button
          key={name}
          type="button"
          className="mlpipe-Link"
          onClick={() => {
            props.onStep(name);
          }}
        >
          {name}
        </button>
      ))}
    </>
  );
}

function Metadata({ version }: { version: ArtifactVersion }): React.JSX.Element | null {
  const entries = [...Object.entries(version.metadata), ...Object.entries(version.summary)];
  return entries.length === 0 ? null : (
    <Section title="Metadata">
      <table className="mlpipe-Metadata">
        <tbody>
          {entries.map(([key, value], i) => (
            <tr key={i}>
              <th scope="row">{key}</th>
              <td>{formatValue(value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

function Versions({ details, onVersion }: ArtifactPanelProps): React.JSX.Element {
  return (
    <Section title={`Versions (${details.versions.length})`}>
      <ul className="mlpipe-Versions" data-mlpipe="versions">
        {details.versions.map(version => (
          <li key={version.id}>
            <button
              type="button"
              aria-current={version.id === details.version.id || undefined}
              data-mlpipe-version={version.version}
              onClick={() => {
                onVersion(version.id);
              }}
            >
              <b>{versionLabel(version)}</b>
              <span>{formatTime(version.created)}</span>
              <span>{formatBytes(version.nbytes)}</span>
              <code>{version.digest.slice(0, 8)}</code>
            </button>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Section(props: { title: string; children: React.ReactNode }): React.JSX.Element {
  return (
    <section className="mlpipe-Section">
      <h3>{props.title}</h3>
      {props.children}
    </section>
  );
}
