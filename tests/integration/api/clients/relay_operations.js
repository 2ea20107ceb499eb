// What a page built with Relay asks: only relay-compiler reads this file. Relay wants each name to begin with the file's.
import { graphql } from "relay-runtime";

graphql`
  fragment relayOperations_session on Session @refetchable(queryName: "relayOperationsRefetchQuery") {
    status
    isPaused
    ... on Node {
      id
    }
  }
`;

graphql`
  fragment relayOperations_list on Query
  @refetchable(queryName: "relayOperationsListPageQuery")
  @argumentDefinitions(
    count: { type: "Int", defaultValue: 20 }
    cursor: { type: "String" }
    only: { type: "SessionFilter" }
  ) {
    sessions(first: $count, after: $cursor, filter: $only) @connection(key: "relayOperations_sessions") {
      edges {
        node {
          ...relayOperations_session
        }
      }
    }
  }
`;

graphql`
  fragment relayOperations_turns on Session
  @refetchable(queryName: "relayOperationsTurnsPageQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" }) {
    interactions(first: $count, after: $cursor) @connection(key: "relayOperations_interactions") {
      edges {
        node {
          id
          step
        }
      }
    }
  }
`;

graphql`
  fragment relayOperations_family on Session
  @refetchable(queryName: "relayOperationsFamilyPageQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" }) {
    children(first: $count, after: $cursor) @connection(key: "relayOperations_children") {
      edges {
        node {
          ...relayOperations_session
        }
      }
    }
  }
`;

graphql`
  query relayOperationsPageQuery($id: ID!) {
    ...relayOperations_list
    session(id: $id) {
      ...relayOperations_turns
      ...relayOperations_family
    }
  }
`;

graphql`
  mutation relayOperationsCreateMutation($input: CreateSessionInput!, $connections: [ID!]!) {
    createSession(input: $input) {
      ... on CreateSessionSuccess {
        session @prependNode(connections: $connections, edgeTypeName: "SessionEdge") {
          ...relayOperations_session
        }
      }
      ... on Error {
        code
        message
      }
    }
  }
`;

graphql`
  subscription relayOperationsEventsSubscription($id: ID!, $after: String) {
    sessionEvents(sessionId: $id, after: $after) {
      cursor
      kind
      session {
        ...relayOperations_session
      }
    }
  }
`;
