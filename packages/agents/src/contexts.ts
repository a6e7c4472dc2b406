import type { BranchStore, SessionContext } from "@lloyal-labs/sdk";
import { createContext } from "effection";
import type { EventBus } from "./events/event-bus.ts";

/** The inference context that everything in this scope runs on. Set by `initAgents`. */
export const Ctx = createContext<SessionContext>("lloyal.ctx");

/** The branch store over `Ctx`. */
export const Store = createContext<BranchStore>("lloyal.store");

/** Where the runtime reports what agents do. */
export const Events = createContext<EventBus>("lloyal.events");

/** Id of the agent whose tool is running here, so that agents spawned by it know their parent. */
export const CallingAgent = createContext<string | undefined>("lloyal.calling-agent", undefined);
